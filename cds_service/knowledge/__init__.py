"""Files -> core values, once, at start-up; and the rules that hold across artifacts."""
