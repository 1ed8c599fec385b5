# The real toxiproxy-server, a static program, as an image: for machines that have the program but no registry.
ARG BASE_IMAGE=node:20-bookworm-slim
FROM ${BASE_IMAGE}
COPY toxiproxy-server /usr/local/bin/toxiproxy-server
USER 1000:1000
STOPSIGNAL SIGTERM
EXPOSE 8474
HEALTHCHECK --interval=2s --timeout=5s --start-period=10s --retries=5 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8474/version').then((r)=>process.exit(r.ok?0:1),()=>process.exit(1))"]
ENTRYPOINT ["/usr/local/bin/toxiproxy-server"]
CMD ["-host=0.0.0.0", "-port=8474"]
