"""How the window looks: colour values for light and dark, and the style sheet they fill."""
