"""Files that outlast the daemon: takes and sets in the home folder."""
