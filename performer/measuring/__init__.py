"""What `loopmorph bench` and `loopmorph soak` measure."""
