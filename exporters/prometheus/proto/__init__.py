"""Prometheus' own messages: metrics.proto of github.com/prometheus/client_model v0.6.3, unchanged.

Licensed, as Wayside is, under Apache 2.0. Its NOTICE: Data model artifacts for Prometheus. Copyright 2012-2015 The
Prometheus Authors. This product includes software developed at SoundCloud Ltd. (http://soundcloud.com/).
"""
