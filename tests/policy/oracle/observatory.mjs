// Runs the tests of the MDN HTTP Observatory on recorded responses: JSON lines in, JSON lines out. Nothing is fetched.
import { IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { AxiosHeaders } from "axios";
import { CookieJar } from "tough-cookie";
import { ALL_TESTS } from "./node_modules/@mdn/mdn-http-observatory/src/constants.js";
import { MINIMUM_SCORE_FOR_EXTRA_CREDIT } from "./node_modules/@mdn/mdn-http-observatory/src/grader/charts.js";
import { getGradeForScore, getScoreModifier } from "./node_modules/@mdn/mdn-http-observatory/src/grader/grader.js";
import { parseHttpEquivHeaders } from "./node_modules/@mdn/mdn-http-observatory/src/retriever/utils.js";
import { HTML_TYPES, Requests } from "./node_modules/@mdn/mdn-http-observatory/src/types.js";

// As Node joins the lines of a response, and axios keeps them.
function headers(lines) {
  const message = new IncomingMessage(null);
  const raw = lines.flat();
  message._addHeaderLines(raw, raw.length);
  return new AxiosHeaders(message.headers);
}

function response(recorded) {
  return { status: recorded.status, headers: headers(recorded.lines), verified: true };
}

// What src/retriever/retriever.js makes of two sessions, one for the http URL and one for the https URL.
function requests(recorded) {
  const made = new Requests(recorded.hostname);
  const { http, https } = recorded;
  const chosen = https ?? http;
  made.responses.http = http && response(http.at(-1));
  made.responses.https = https && response(https.at(-1));
  made.responses.httpRedirects = (http ?? []).map(({ url, status }) => ({ url: new URL(url), status }));
  made.responses.httpsRedirects = made.responses.httpRedirects;
  const auto = https ? made.responses.https : made.responses.http;
  made.responses.auto = auto;
  const jar = new CookieJar();
  for (const hop of chosen) {
    for (const [name, value] of hop.lines) {
      if (name.toLowerCase() === "set-cookie") jar.setCookieSync(value, hop.url, { ignoreError: true });
    }
  }
  const url = new URL(`${https ? "https" : "http"}://${recorded.hostname}`);
  made.session = { url, jar };
  made.resources.path = recorded.body;
  const isHtml = HTML_TYPES.has(auto.headers["content-type"]?.split(";")[0]);
  auto.httpEquiv = isHtml && recorded.body ? parseHttpEquivHeaders(recorded.body, url.href) : new Map();
  made.responses.cors = recorded.cors && {
    headers: headers(recorded.cors),
    request: { headers: new AxiosHeaders({ Origin: "https://http-observatory.security.mozilla.org" }) },
    verified: true,
  };
  return made;
}

// As src/scanner/index.js adds points up.
function scanned(recorded) {
  const found = requests(recorded);
  const results = ALL_TESTS.map((test) => test(found));
  const points = results.map((each) => getScoreModifier(each.result));
  const without = 100 + points.filter((each) => each < 0).reduce((sum, each) => sum + each, 0);
  const all = 100 + points.reduce((sum, each) => sum + each, 0);
  const { score, grade } = getGradeForScore(without >= MINIMUM_SCORE_FOR_EXTRA_CREDIT ? all : without);
  const tests = results.map((each, number) => [
    each.constructor.name,
    { result: each.result, points: points[number], pass: each.pass },
  ]);
  return { name: recorded.name, score, grade, tests: Object.fromEntries(tests) };
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(scanned(JSON.parse(line))));
}
