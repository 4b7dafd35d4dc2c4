"""Files in the user's data folder: kept takes, sets, the taste."""
