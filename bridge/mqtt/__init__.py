"""The broker's client and the OSC addresses as topics. Never imports workers."""
