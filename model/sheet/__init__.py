"""Music on paper: chord sheets, lead sheets and scores, as text, ABC and MusicXML."""
