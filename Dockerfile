# One image for the container beside the model server. Built from source: docker build -t wayside .
# Both bases are named by a minor version: build again for their security fixes, or name a digest with --build-arg.
ARG RUST=rust:1.95-slim-bookworm
ARG PYTHON=python:3.13-slim-bookworm

FROM ${RUST} AS build
RUN apt-get update && apt-get install -y --no-install-recommends python3 python3-venv && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN python3 -m venv /build \
    && /build/bin/pip install --no-cache-dir --no-deps --requirement tests/provision/locks/wheel.txt \
    && /build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM ${PYTHON}
COPY --from=build /src/deploy/requirements.txt /wheels/ /wheels/
RUN pip install --no-cache-dir --requirement /wheels/requirements.txt \
    && pip install --no-cache-dir --no-deps /wheels/*.whl \
    && pip check \
    && rm -r /wheels \
    && groupadd --system --gid 65532 wayside \
    && useradd --system --uid 65532 --gid wayside --no-create-home wayside
# No file is written at run time: a read-only root is fine, and so is any user.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8001 9464 9465
# `wayside run` becomes wayside-tap, which then is PID 1: it reaps, drains on SIGTERM, and keeps control alive.
ENTRYPOINT ["wayside"]
CMD ["run", "--listen=:8001", "--upstream=127.0.0.1:9001", "--health=:9465"]
