"""Survey sampling: sizes, designs, estimates, intervals, decisions."""
