// A request as the events that Lambda is called with, and what it answers as a response.

export interface Asked {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

export interface LambdaResult {
  statusCode: number;
  headers?: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  body: string;
  isBase64Encoded: boolean;
}

type Make = (asked: Asked) => Record<string, unknown>;

const sourceIp = '203.0.113.6';
const forwarded = { 'x-forwarded-for': sourceIp, 'x-forwarded-port': '443', 'x-forwarded-proto': 'https' };
const several = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
const split = (path: string) => {
  const [rawPath = '', rawQueryString = ''] = path.split('?');
  const query = Object.fromEntries(new URLSearchParams(rawQueryString));
  return { rawPath, rawQueryString, query };
};

const restApi: Make = ({ method, path, headers = {}, body }) => {
  const { rawPath, query } = split(path);
  const all = { ...forwarded, Host: 'api.example.com', ...headers };
  return {
    ...{ resource: '/{proxy+}', path: rawPath, httpMethod: method, headers: all, multiValueHeaders: several(all) },
    ...{ queryStringParameters: query, multiValueQueryStringParameters: several(query), pathParameters: null },
    requestContext: { path: `/prod${rawPath}`, stage: 'prod', httpMethod: method, identity: { sourceIp } },
    ...{ body: body ?? null, isBase64Encoded: false },
  };
};

const httpApi: Make = ({ method, path, headers = {}, body }) => {
  const { rawPath, rawQueryString, query } = split(path);
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString, queryStringParameters: query },
    headers: { ...forwarded, host: 'api.example.com', ...headers },
    requestContext: { stage: '$default', http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp } },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
};

/** The same, but it has every body in base64 that is not known to be text. */
const functionUrl: Make = (asked) => ({
  ...httpApi(asked),
  ...(asked.body !== undefined && { body: Buffer.from(asked.body).toString('base64'), isBase64Encoded: true }),
});

const elb = { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/a/b' } };
const loadBalancer: Make = ({ method, path, headers = {}, body }) => {
  const { rawPath, query } = split(path);
  return {
    ...{ requestContext: elb, httpMethod: method, path: rawPath, queryStringParameters: query },
    headers: { ...forwarded, host: 'api.example.com', ...headers },
    ...{ body: body ?? '', isBase64Encoded: false },
  };
};

export const lambdaEvents: Record<string, Make> = {
  "API Gateway's REST API": restApi,
  "API Gateway's HTTP API": httpApi,
  'a function URL': functionUrl,
  'a load balancer': loadBalancer,
};

export function responseOf({ statusCode, headers, multiValueHeaders, body, isBase64Encoded }: LambdaResult): Response {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  const named = new Headers(headers);
  for (const [name, values] of Object.entries(multiValueHeaders ?? {}))
    for (const value of values) named.set(name, value);
  return new Response([204, 304].includes(statusCode) ? null : bytes, { status: statusCode, headers: named });
}
