"""What is wrong with a copy of the data set: codes, and the checks that give them. Files are read, never changed."""
