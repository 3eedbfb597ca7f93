"""One module for each target: `render` makes its manifest, the file's name is the target's name."""
