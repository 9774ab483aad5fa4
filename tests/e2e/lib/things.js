// What is handed over in the walks, made here.

/** A pickle that runs a command in whoever loads it. */
export const BAD_MODEL = Buffer.from("cos\nsystem\n(S'echo this would have run'\ntR.");

/** Numbers only. */
export const GOOD_MODEL = safetensors(1);

/** A folder with a model, as it comes from a hub: the bytes of its files. */
export const MODEL_FOLDER = {
  'README.md': Buffer.from('---\nlicense: apache-2.0\n---\n# A small model\n\nIt classifies letters.\n'),
  'config.json': Buffer.from('{"architectures":["BertForSequenceClassification"],"model_type":"bert","hidden_size":8}\n'),
  'model.safetensors': safetensors(64),
};

/** Larger than what one request may carry: it goes up in pieces. Bytes. */
export const LARGE_MODEL = safetensors(9 * 1024 * 1024);

function safetensors(bytes) {
  const header = JSON.stringify({ t: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } });
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(bytes, 7)]);
}

/** The beginning of a 7z archive, which can't be examined and so waits for a person. `n` makes it differ. */
export function archive(n) {
  return Buffer.concat([Buffer.from('7z\xbc\xaf\x27\x1c\x00\x04', 'latin1'), Buffer.alloc(24 + n, n)]);
}

/** A mail that claims to be from a bank: several findings with points. */
export const MAIL = Buffer.from(
  [
    'From: "Example Bank Support" <notice@login-check.example>',
    'Reply-To: collector@elsewhere.example',
    'To: citizen@example.jp',
    `Subject: =?UTF-8?B?${Buffer.from('【重要】お客様の口座を利用停止しました').toString('base64')}?=`,
    'Date: Mon, 02 Nov 2026 09:12:00 +0900',
    'Message-ID: <1@login-check.example>',
    'MIME-Version: 1.0',
    'Content-Type: text/html; charset=UTF-8',
    '',
    '<p>24時間以内にご本人確認をお願いします。確認がない場合、口座は停止されます。</p>',
    '<a href="http://203.0.113.7/verify">https://www.example-bank.example/login</a>',
    '',
  ].join('\r\n'),
);

/** A log in which somebody deletes all shadow copies. */
export const LOG = Buffer.from(
  `${JSON.stringify({
    Channel: 'Microsoft-Windows-Sysmon/Operational', EventID: 1, EventTime: '2026-11-02 09:14:07',
    Image: 'C:\\Windows\\System32\\vssadmin.exe', CommandLine: 'vssadmin.exe delete shadows /all /quiet',
    ParentImage: 'C:\\Windows\\System32\\cmd.exe', Hostname: 'ward3-pc',
  })}\n`,
);

export const SCAM =
  'お荷物のお届けにあがりましたが不在のため持ち帰りました。下記よりご確認ください。\nhttp://delivery-check.example/x9\n24時間以内に手数料をクレジットカードでお支払いください。';

export const SCAM_EN =
  'Your account has been suspended because of unusual activity. Verify your password within 24 hours or it will be closed: http://203.0.113.9/login';

export const HARMLESS = '明日の会議は10時から、いつもの部屋です。資料は机に置いておきます。';
