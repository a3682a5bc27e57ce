// Which addresses of Amazon SNS are asked: those of the region that a topic is in, and nothing else that a message names.

/** Most characters of an ARN and of an address. */
const mostArn = 350;
const mostUrl = 2_000;

const arn = /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z0-9-]{3,40}):\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

/** The host of the topic's region; undefined: it is no ARN of a topic. */
export function hostOfTopic(topic: string): string | undefined {
  if (topic.length > mostArn) return undefined;
  const [, partition, region] = arn.exec(topic) ?? [];
  if (region === undefined) return undefined;
  return `sns.${region}.amazonaws.com${partition === 'aws-cn' ? '.cn' : ''}`;
}

/** Where the certificate of a signature may be. Others may have files at the same host: only SNS has those of this name. */
export function certificateUrl(text: string, topic: string): URL | undefined {
  const url = urlOf(text, topic);
  const isOne = url?.search === '' && /^\/SimpleNotificationService-[A-Za-z0-9]{1,64}\.pem$/.test(url.pathname);
  return isOne ? url : undefined;
}

/** Where a subscription may be confirmed. */
export function confirmationUrl(text: string, topic: string): URL | undefined {
  const url = urlOf(text, topic);
  const isOne =
    url?.pathname === '/' &&
    url.searchParams.get('Action') === 'ConfirmSubscription' &&
    url.searchParams.get('TopicArn') === topic;
  return isOne ? url : undefined;
}

function urlOf(text: string, topic: string): URL | undefined {
  if (text.length > mostUrl || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.username === '' && url.password === '' && url.port === '' && url.hash === '';
  return url.protocol === 'https:' && isPlain && url.hostname === hostOfTopic(topic) ? url : undefined;
}
