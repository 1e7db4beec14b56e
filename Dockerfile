# syntax=docker/dockerfile:1
# The server alone: no examples, no tests, no embedded PostgreSQL, no build step.
FROM node:24-slim AS dependencies
WORKDIR /gatehouse
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional

FROM node:24-slim
WORKDIR /gatehouse
ENV NODE_ENV=production
COPY --from=dependencies /gatehouse/node_modules node_modules
COPY package.json ./
COPY migrations migrations
COPY views views
COPY src src
# Nothing is owned by this account and nothing is written: the container may be read-only.
USER node
EXPOSE 3000
# /livez answers before the check of the Host header, so that a probe by address gets through.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GATEHOUSE_PORT || 3000}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
