// Lets the AWS SDKs for JavaScript, v2 and v3, of a hook that was written for CodeDeploy report to Weighbridge.
//
//   NODE_OPTIONS=--require /opt/weighbridge/preload.cjs
//   AWS_ENDPOINT_URL_CODEDEPLOY=<the stack's ApiUrl or HookUrl>
//
// v2 knows no such variable, and both sign for the service `codedeploy`, which the IAM authorization of a function URL
// refuses. So the requests of CodeDeploy's API that this process makes, known by their X-Amz-Target, are sent to the
// endpoint and signed for `lambda`, with the function's own credentials. It works below the SDKs, on Node's HTTP client:
// bundled code is served as well, and nothing listens on a port. Other requests are left alone.
"use strict";

const crypto = require("crypto");
const http = require("http");
const https = require("https");

const TARGET = /^CodeDeploy_20141006\.[A-Za-z]+$/;
const REPLACED = new Set(["authorization", "host", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token"]);
const ORIGINAL = { "http:": http.request, "https:": https.request };

const sha256 = (data) => crypto.createHash("sha256").update(data).digest("hex");
const hmac = (key, text) => crypto.createHmac("sha256", key).update(text).digest();

function endpointOf(text) {
  let endpoint;
  try {
    endpoint = new URL(text);
  } catch (error) {
    throw new Error(`AWS_ENDPOINT_URL_CODEDEPLOY is no URL: ${JSON.stringify(text)}`);
  }
  const secure = endpoint.protocol === "https:";
  if (!secure && !(endpoint.protocol === "http:" && /^(localhost|127\.[0-9.]+|\[::1\])$/.test(endpoint.hostname))) {
    throw new Error("AWS_ENDPOINT_URL_CODEDEPLOY is not https.");
  }
  return endpoint;
}

function regionOf(endpoint) {
  const match = /\.lambda-url\.([a-z0-9-]+)\.on\.aws(\.cn)?$/.exec(endpoint.hostname);
  return match ? match[1] : process.env.AWS_REGION || process.env.AWS_DEFAULT_REGION;
}

// The headers that sign a request (Signature Version 4) with the credentials that Lambda gives the function.
function signatureOf(endpoint, contentType, target, body, now) {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = process.env;
  if (!id || !secret) return {};
  const time = now.toISOString().replace(/[:-]|\.\d{3}/g, "");
  const signed = { "content-type": contentType, host: endpoint.host, "x-amz-date": time };
  if (token) signed["x-amz-security-token"] = token;
  signed["x-amz-target"] = target;
  const names = Object.keys(signed).join(";");
  const lines = Object.keys(signed).map((name) => `${name}:${signed[name]}\n`).join("");
  const request = ["POST", endpoint.pathname, "", lines, names, sha256(body)].join("\n");
  const scope = [time.slice(0, 8), regionOf(endpoint), "lambda", "aws4_request"];
  const key = scope.reduce(hmac, `AWS4${secret}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope.join("/"), sha256(request)].join("\n")).toString("hex");
  const credential = `${id}/${scope.join("/")}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return { ...(token && { "x-amz-security-token": token }), "x-amz-date": time, authorization };
}

// A request of CodeDeploy's API that waits for its body, is signed, and goes to the endpoint.
function redirected(endpoint, protocol, options, headers, callback) {
  const kept = Object.entries(headers).filter(([name]) => !REPLACED.has(name.toLowerCase()));
  const { hostname, port, pathname } = endpoint;
  const request = ORIGINAL[endpoint.protocol](
    {
      protocol: endpoint.protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      path: pathname,
      method: "POST",
      headers: Object.fromEntries(kept),
      agent: endpoint.protocol === protocol ? options.agent : undefined,
    },
    callback,
  );
  const chunks = [];
  const end = request.end;
  const take = (chunk, encoding) => {
    if (chunk) chunks.push(Buffer.from(chunk, typeof encoding === "string" ? encoding : undefined));
  };
  request.write = (chunk, encoding, done) => {
    take(chunk, encoding);
    const called = typeof encoding === "function" ? encoding : done;
    if (called) process.nextTick(called);
    return true;
  };
  request.end = (...given) => {
    const done = given.find((one) => typeof one === "function");
    if (typeof given[0] !== "function") take(...given);
    const body = Buffer.concat(chunks);
    const contentType = request.getHeader("content-type");
    const signature = signatureOf(endpoint, contentType, request.getHeader("x-amz-target"), body, new Date());
    for (const [name, value] of Object.entries(signature)) request.setHeader(name, value);
    request.setHeader("content-length", body.length);
    return end.call(request, body, done);
  };
  return request;
}

function install(endpoint) {
  for (const [protocol, module] of [["http:", http], ["https:", https]]) {
    module.request = function request(...given) {
      const [options, callback] = given;
      const headers = (options && options.headers) || {};
      const name = Object.keys(headers).find((one) => one.toLowerCase() === "x-amz-target");
      if (name && TARGET.test(headers[name])) return redirected(endpoint, protocol, options, headers, callback);
      return ORIGINAL[protocol].apply(this, given);
    };
  }
  // Code in ES modules has the functions by name.
  const { syncBuiltinESMExports } = require("module");
  if (syncBuiltinESMExports) syncBuiltinESMExports();
}

if (process.env.AWS_ENDPOINT_URL_CODEDEPLOY) install(endpointOf(process.env.AWS_ENDPOINT_URL_CODEDEPLOY));
