# SPDX-License-Identifier: Apache-2.0
#
# Two images from one build:
#
#   docker build --target slipway --tag slipway .                   the worker and its command line
#   docker build --target slipway-sandbox --tag slipway-sandbox .   the simulated workbench; no image for production
#
# A container runs as an unprivileged user and writes nothing, so it can be read-only:
#
#   docker run --read-only --cap-drop ALL --env SLIPWAY_KAFKA_BOOTSTRAP_SERVERS=... slipway run

# 6.3.1 and not `latest`: FoundationEssentials can be linked statically with 6.3, and no longer with 6.4.
FROM swift:6.3.1-bookworm AS build

# Headers only come from this release; the program runs on the newer libraries of the last stage, whose sonames and
# symbols are the same or more. Versions are the release's own: Debian removes a replaced one from its mirrors, so
# pinning them would only break the next build.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
        libcurl4-openssl-dev libevent-dev librdkafka-dev libssl-dev libyaml-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /source
COPY Package.swift ./
COPY Sources Sources
# SwiftPM reads the manifest as a whole and wants every target's folder, those of the tests too.
COPY Tests Tests

# Swift's runtime, Synchronization, Dispatch and FoundationEssentials are linked in: the runtime image needs no Swift.
# The C libraries stay shared, so that a security update of Debian's reaches them without a new build.
RUN swift build --configuration release --static-swift-stdlib --product slipway \
    && swift build --configuration release --static-swift-stdlib --product slipway-sandbox \
    && directory="$(swift build --configuration release --static-swift-stdlib --show-bin-path)" \
    && mkdir /programs \
    && cp "$directory/slipway" "$directory/slipway-sandbox" /programs/ \
    && strip /programs/*


# trixie has librdkafka 2.8.0. bookworm's 2.0.2 cannot log in with SCRAM: before 2.6.1 it builds the client's nonce
# wrongly, and Kafka 4 answers "invalid credentials" to the right password.
FROM debian:trixie-slim AS runtime

# The t64 packages are trixie's names of the same libraries (libcurl.so.4, libevent*-2.1.so.7, libcrypto.so.3).
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends \
        ca-certificates libcurl4t64 libevent-2.1-7t64 libevent-pthreads-2.1-7t64 librdkafka1 libssl3t64 libstdc++6 libyaml-0-2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin slipway

# Should a program crash, no memory near its registers goes to the log: it may hold a key.
ENV SWIFT_BACKTRACE=sanitize=yes,registers=none

USER 10001:10001
WORKDIR /
STOPSIGNAL SIGTERM


FROM runtime AS slipway-sandbox
LABEL org.opencontainers.image.title="slipway-sandbox" \
      org.opencontainers.image.description="Simulated Cloudera AI workbench (API v2) for trying Slipway out" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /programs/slipway-sandbox /usr/local/bin/slipway-sandbox
EXPOSE 8090
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=5 \
    CMD ["slipway-sandbox", "health", "--address", "127.0.0.1:8090"]
ENTRYPOINT ["slipway-sandbox"]
CMD ["serve", "--address", "0.0.0.0:8090"]


# The last stage is what a plain `docker build .` makes.
FROM runtime AS slipway
LABEL org.opencontainers.image.title="slipway" \
      org.opencontainers.image.description="Deploys finished experiment runs to a Cloudera AI workbench, driven by Kafka" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY config /etc/slipway
COPY --from=build /programs/slipway /usr/local/bin/slipway
ENV SLIPWAY_ROUTES=/etc/slipway/routes.yaml \
    SLIPWAY_OPERATIONS_ADDRESS=0.0.0.0:8080
EXPOSE 8080
# By the address above. Liveness, not readiness: an outage of the workbench or of Kafka is waited out, a restart would not mend it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["slipway", "health"]
ENTRYPOINT ["slipway"]
CMD ["run"]
