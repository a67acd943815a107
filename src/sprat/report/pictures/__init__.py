"""Pictures as inline SVG that stretch with the page: x in percent, y and text in pixels."""
