FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

# Without the optional packages: they are the embedded PostgreSQL, which has no work here.
FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional
COPY sql sql
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
CMD ["node", "dist/cli.js", "serve"]
