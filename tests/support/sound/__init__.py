"""Sound for tests: synthesised lines, and a program that plays them into a JACK port."""
