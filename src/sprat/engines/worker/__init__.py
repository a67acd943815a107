"""What every worker process has in common, whatever it computes: both ends of its pipe."""
