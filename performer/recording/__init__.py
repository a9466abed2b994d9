"""What was played, to disk: sound and control log, and the way back from the log to the sound."""
