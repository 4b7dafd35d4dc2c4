"""Songs of the data sets: readers, labels, splits."""
