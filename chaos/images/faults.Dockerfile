# What a fault needs inside of a network namespace: iptables, nft, tc, ss, and tcpdump where there is one. It also holds
# the namespace of a pod open. Offline build.mjs stages the tools of this machine; online they are Debian's.
ARG BASE_IMAGE=node:20-bookworm-slim
FROM ${BASE_IMAGE}
COPY tools/ /
RUN if ! command -v iptables >/dev/null; then \
      apt-get update && \
      apt-get install -y --no-install-recommends iptables nftables iproute2 tcpdump && \
      rm -rf /var/lib/apt/lists/*; \
    fi
STOPSIGNAL SIGKILL
ENTRYPOINT []
CMD ["sleep", "2147483"]
