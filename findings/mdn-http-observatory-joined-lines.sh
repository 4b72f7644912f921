#!/usr/bin/env bash
# @mdn/mdn-http-observatory 1.4.8 reads lines of one name as one value, and a max-age in quotes as no number.
#
# Node joins lines by commas. So two lines `X-Content-Type-Options: nosniff` are "not valid", although browsers heed the first;
# and of two Content Security Policies, the second one is read as sources of the first. RFC 6797 allows quotes: `max-age="0"`
# turns HSTS off, and is taken for six months or more. Exits with 0 if that is seen.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --ignore-scripts --no-audit --no-fund @mdn/mdn-http-observatory@1.4.8
echo '{}' > node_modules/@mdn/mdn-http-observatory/conf/hsts-preload.json
cat > seen.mjs <<'JAVASCRIPT'
import { createServer } from "node:http";
import { once } from "node:events";
import { retrieve } from "./node_modules/@mdn/mdn-http-observatory/src/retriever/retriever.js";
import { contentSecurityPolicyTest } from "./node_modules/@mdn/mdn-http-observatory/src/analyzer/tests/csp.js";
import { strictTransportSecurityTest } from "./node_modules/@mdn/mdn-http-observatory/src/analyzer/tests/strict-transport-security.js";
import { xContentTypeOptionsTest } from "./node_modules/@mdn/mdn-http-observatory/src/analyzer/tests/x-content-type-options.js";

const server = createServer((_request, response) => {
  response.setHeader("X-Content-Type-Options", ["nosniff", "nosniff"]);
  response.setHeader("Content-Security-Policy", ["script-src 'unsafe-inline'; object-src 'none'", "script-src 'self'"]);
  response.setHeader("Strict-Transport-Security", 'max-age="0"');
  response.end();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const found = await retrieve("127.0.0.1", { httpPort: server.address().port, httpsPort: 1 });
server.close();
found.responses.https = found.responses.http; // HSTS counts over https alone
const results = [xContentTypeOptionsTest, contentSecurityPolicyTest, strictTransportSecurityTest].map((test) => test(found).result);
console.log(results.join("\n"));
const wrong = [
  "x-content-type-options-header-invalid",
  "csp-implemented-with-unsafe-inline",
  "hsts-implemented-max-age-at-least-six-months",
];
process.exit(results.every((each, number) => each === wrong[number]) ? 0 : 1);
JAVASCRIPT
node seen.mjs
