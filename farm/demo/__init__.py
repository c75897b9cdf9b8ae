"""Makes a small data set of the InterAct kind: two people who talk, with motion, faces, voices and databases."""
