"""What a performer gets back: history, scenes, sessions, and the conductor who does what buttons ask."""
