"""Messages of the Open Inference Protocol, generated from wayside_demo_oip.proto by `make gen`."""
