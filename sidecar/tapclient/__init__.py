"""The Python end of the seam: frames, the generated messages, what is known so far, and the policy's way in.

`tap_pb2` is imported here and nowhere else in the product.
"""
