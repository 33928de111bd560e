"""Every verb over and over, and on full disks."""
