"""Where passages are kept and found: one protocol, several stores."""
