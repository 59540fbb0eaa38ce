"""How good a map is: metrics, intervals, and the comparison of predictions with truth."""
