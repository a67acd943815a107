"""What the gateway writes down."""

import logging

LOG = logging.getLogger("sprat.serve")
