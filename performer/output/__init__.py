"""Where blocks of sound go: a device, a browser, a file, nowhere."""
