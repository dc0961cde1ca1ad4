# One image, two roles: docker-entrypoint.sh starts a bootstrap or a node. bootstrap.Dockerfile is a link to this file.
# Written for BuildKit and for the classic builder alike: no mounts, no here-documents, no COPY --chmod.

# --- build: TypeScript to dist/ -----------------------------------------------------------------------------------
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without install scripts: the only one that matters here would download a second Node.js, for machines with an old one.
RUN npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && find dist -type f \( -name '*.d.ts' -o -name '*.map' \) -delete
# A checkout on Windows may have neither the executable bit nor LF line endings.
COPY docker-entrypoint.sh ./
RUN sed -i 's/\r$//' docker-entrypoint.sh && chmod 755 docker-entrypoint.sh

# --- packages: what runs, and nothing for development -------------------------------------------------------------
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Without install scripts: bufferutil brings its binary along, and ws works without it where there is none. TypeScript
# stays with --omit=dev because valibot names it as an optional peer. Types, maps and pages are for people who program.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --no-update-notifier \
    && rm -rf node_modules/typescript node_modules/@typescript node_modules/.bin \
    && find node_modules -type f \
       \( -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.map' -o -name '*.md' \) -delete

# --- the image ----------------------------------------------------------------------------------------------------
FROM node:24-slim
LABEL org.opencontainers.image.title="hearsay" \
      org.opencontainers.image.description="A WebSocket gossip overlay: bootstrap and node" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
    PORT=5000
WORKDIR /app
COPY LICENSE package.json ./
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/docker-entrypoint.sh ./
COPY --from=build /app/dist ./dist
USER node
EXPOSE 5000
# Asks the process itself over HTTP, with Node.js, because the image has no curl. A node that does not listen is taken
# at its word: it ends when it fails.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "process.env.HEARSAY_NO_LISTEN ? 0 : require('node:http').get({ host: '127.0.0.1', port: process.env.PORT || 5000, path: '/healthz' }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["/app/docker-entrypoint.sh"]
