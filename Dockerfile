# sidetap's sidecar: the engine alone, as one static binary, with certificates and the licences of what is in it.
#
#     docker build --build-arg VERSION=0.1.0 --tag sidetap .
#     buildah build --format docker --build-arg VERSION=0.1.0 --tag sidetap .
#
# --platform linux/amd64,linux/arm64   for those; both are compiled on the machine that builds
# --build-arg REVISION=...             the commit, for the image's labels as VERSION is
# --build-arg RUN_AS=0:0               to run as root, where file capabilities do not survive a registry or
#                                      no-new-privileges is set; sidetap gives up all but CAP_NET_RAW either way

ARG RUST=1.95-bookworm

FROM --platform=$BUILDPLATFORM rust:${RUST} AS build
# Without a default, which would come before what --platform says.
ARG TARGETARCH
RUN arch=${TARGETARCH:-$(dpkg --print-architecture)} \
    && apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libcap2-bin \
    && if [ "$arch" != "$(dpkg --print-architecture)" ]; then \
         case "$arch" in amd64) cross=x86-64 ;; arm64) cross=aarch64 ;; esac; \
         apt-get install --yes --no-install-recommends "gcc-$cross-linux-gnu" "libc6-dev-$arch-cross"; \
       fi
WORKDIR /src
COPY . .
RUN image/build.sh "${TARGETARCH:-$(dpkg --print-architecture)}" /out

FROM scratch
ARG RUN_AS=65534:65534
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="sidetap" \
      org.opencontainers.image.description="Sensor and packet forwarder for Amazon ECS tasks" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /out /
ENV PATH=/usr/local/bin
WORKDIR /
USER ${RUN_AS}
# For Docker. ECS looks at the health check in the task definition alone, which is the same, and the images of OCI, such as a
# release's, have no field for one.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["/usr/local/bin/sidetap", "health"]
ENTRYPOINT ["/usr/local/bin/sidetap"]
