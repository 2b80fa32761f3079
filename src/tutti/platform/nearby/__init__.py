"""What people near one another keep: what they chose to share, and nothing else."""
