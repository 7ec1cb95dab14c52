"""Names for the seam's messages, for annotations elsewhere: nobody else imports the generated module."""

from sidecar.tapclient.tap_pb2 import Hello as HelloMessage
from sidecar.tapclient.tap_pb2 import Policy as PolicyMessage

__all__ = ["HelloMessage", "PolicyMessage"]
