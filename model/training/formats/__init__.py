"""Score formats: ABC, MusicXML, RomanText."""
