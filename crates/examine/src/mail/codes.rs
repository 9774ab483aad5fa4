//! The codes of the mail examiner.

use sakimori_model::Code;

/// Reply-To belongs to another organisation than From.
pub const REPLY_ELSEWHERE: Code = Code::new("SKM-MAIL-0001");
/// The display name holds an address or domain of another organisation.
pub const NAME_HAS_ADDRESS: Code = Code::new("SKM-MAIL-0002");
/// From is missing, has no valid domain, or names several organisations.
pub const SENDER_INVALID: Code = Code::new("SKM-MAIL-0003");
/// From names a brand that doesn't own the sender's domain.
pub const BRAND_IN_NAME: Code = Code::new("SKM-MAIL-0004");
/// Subject or opening name a brand that neither the sender nor the links belong to.
pub const BRAND_IN_TEXT: Code = Code::new("SKM-MAIL-0005");
/// Reply-To is a free mailbox and From is something else.
pub const REPLY_FREE_MAIL: Code = Code::new("SKM-MAIL-0006");
/// No recipient is named, or the sender is the recipient.
pub const RECIPIENT_HIDDEN: Code = Code::new("SKM-MAIL-0007");
/// DMARC failed.
pub const DMARC_FAIL: Code = Code::new("SKM-MAIL-0010");
/// SPF fails, or can't hold.
pub const SPF_FAIL: Code = Code::new("SKM-MAIL-0011");
/// A DKIM signature doesn't hold.
pub const DKIM_FAIL: Code = Code::new("SKM-MAIL-0012");
/// Results exist, and none that holds is for the sender's organisation.
pub const UNAUTHENTICATED: Code = Code::new("SKM-MAIL-0013");
/// No trusted authentication results.
pub const NO_RESULTS: Code = Code::new("SKM-MAIL-0014");
/// The visible address of a link is of another organisation than its target.
pub const LINK_TEXT_DIFFERS: Code = Code::new("SKM-MAIL-0020");
/// A link's host is an IP address.
pub const LINK_ADDRESS: Code = Code::new("SKM-MAIL-0021");
/// User information, an odd port, or a redirect to another host in a link.
pub const LINK_DISGUISED: Code = Code::new("SKM-MAIL-0022");
/// A link's host has a brand's name in a domain that isn't the brand's.
pub const LINK_BRAND: Code = Code::new("SKM-MAIL-0023");
/// A link goes over a shortener.
pub const LINK_SHORTENER: Code = Code::new("SKM-MAIL-0024");
/// A link with data:, javascript:, vbscript: or file:.
pub const LINK_SCHEME: Code = Code::new("SKM-MAIL-0025");
/// A link leads to shared hosting.
pub const LINK_SHARED_HOSTING: Code = Code::new("SKM-MAIL-0026");
/// The recipient's address stands in a link, plain or as base64.
pub const LINK_CARRIES_RECIPIENT: Code = Code::new("SKM-MAIL-0027");
/// Sender or link under a suffix that is mostly seen in abuse.
pub const LINK_CHEAP_DOMAIN: Code = Code::new("SKM-MAIL-0028");
/// A form in the body sends to a foreign host, or asks for a password.
pub const FORM: Code = Code::new("SKM-MAIL-0029");
/// No link belongs to the sender's organisation.
pub const LINK_ELSEWHERE: Code = Code::new("SKM-MAIL-0030");
/// A domain with letters of mixed scripts, or that reads as a brand's.
pub const HOMOGRAPH: Code = Code::new("SKM-MAIL-0031");
/// A domain one or two letters away from a brand's.
pub const LOOKALIKE: Code = Code::new("SKM-MAIL-0032");
/// Much text that isn't shown.
pub const HIDDEN_TEXT: Code = Code::new("SKM-MAIL-0040");
/// Invisible or imitated letters inside words.
pub const INVISIBLE_CHARACTERS: Code = Code::new("SKM-MAIL-0041");
/// Instructions to an AI assistant in text that isn't shown.
pub const INJECTION_HIDDEN: Code = Code::new("SKM-MAIL-0042");
/// Instructions to an AI assistant in visible text.
pub const INJECTION_VISIBLE: Code = Code::new("SKM-MAIL-0043");
/// Direction overrides in a name, subject or file name.
pub const DIRECTION_OVERRIDE: Code = Code::new("SKM-MAIL-0044");
/// Tags cut many words in two.
pub const SPLIT_WORDS: Code = Code::new("SKM-MAIL-0045");
/// An attachment is an executable or a script.
pub const ATTACHMENT_PROGRAM: Code = Code::new("SKM-MAIL-0050");
/// A document extension before a dangerous one.
pub const ATTACHMENT_DOUBLE_NAME: Code = Code::new("SKM-MAIL-0051");
/// An HTML or SVG attachment with a form, script or redirect.
pub const ATTACHMENT_PAGE: Code = Code::new("SKM-MAIL-0052");
/// A document with macros.
pub const ATTACHMENT_MACRO: Code = Code::new("SKM-MAIL-0053");
/// A disk image, shortcut, OneNote section and the like.
pub const ATTACHMENT_CONTAINER: Code = Code::new("SKM-MAIL-0054");
/// An encrypted archive with its password in the text.
pub const ATTACHMENT_LOCKED: Code = Code::new("SKM-MAIL-0055");
/// Declared type and content don't fit.
pub const ATTACHMENT_MISMATCH: Code = Code::new("SKM-MAIL-0056");
/// Phrases of threat, urgency, verification and payment.
pub const PRESSURE: Code = Code::new("SKM-MAIL-0060");
/// Phrases of prizes, windfalls, miracle offers and romance.
pub const TOO_GOOD: Code = Code::new("SKM-MAIL-0061");
/// Phrases of extortion with a demand.
pub const EXTORTION: Code = Code::new("SKM-MAIL-0062");
/// Message-ID is missing or malformed.
pub const MESSAGE_ID: Code = Code::new("SKM-MAIL-0070");
/// Date is missing, invalid or far from Received.
pub const DATE: Code = Code::new("SKM-MAIL-0071");
/// The recipient's address or its local part stands in Subject or the sender's name.
pub const RECIPIENT_IN_SUBJECT: Code = Code::new("SKM-MAIL-0073");
/// Traces of a PHP mailer or another script.
pub const SENDING_SCRIPT: Code = Code::new("SKM-MAIL-0074");
/// The host that handed the mail over has no proper name.
pub const GREETING_NAME: Code = Code::new("SKM-MAIL-0075");
/// Nearly no text, and a linked image.
pub const IMAGE_ONLY: Code = Code::new("SKM-MAIL-0076");
/// A type for reports, digests or forms around an ordinary mail.
pub const STRUCTURE: Code = Code::new("SKM-MAIL-0077");
/// The sender's domain or local part looks made by a machine.
pub const RANDOM_SENDER: Code = Code::new("SKM-MAIL-0078");
/// The signs add up.
pub const SUSPICIOUS: Code = Code::new("SKM-MAIL-0090");
/// Strong signs of several kinds add up.
pub const PHISHING: Code = Code::new("SKM-MAIL-0091");
/// From is a free mailbox and the wording lures or presses.
pub const FREE_MAIL_OFFER: Code = Code::new("SKM-MAIL-0008");
/// Images from a public image host.
pub const IMAGE_HOST: Code = Code::new("SKM-MAIL-0079");
/// Re: or Fw: in the subject without any trace of an earlier mail.
pub const FALSE_REPLY: Code = Code::new("SKM-MAIL-0080");
/// A free mailbox calls itself an office, a company or an order.
pub const FREE_MAIL_ROLE: Code = Code::new("SKM-MAIL-0009");
/// The sender writes from the default domain of a hosting service.
pub const DEFAULT_DOMAIN: Code = Code::new("SKM-MAIL-0015");
/// Proof, links and address of the sender belong together.
pub const CONSISTENT_SENDER: Code = Code::new("SKM-MAIL-0016");
/// An invoice or warning of a doubtful sender asks to call a number.
pub const CALL_BACK: Code = Code::new("SKM-MAIL-0033");
/// The text asks to write to a free mailbox that is not the sender.
pub const CONTACT_ELSEWHERE: Code = Code::new("SKM-MAIL-0034");
/// A short text with links to one foreign place and nothing else.
pub const ONE_STEP: Code = Code::new("SKM-MAIL-0035");
/// An attached script that does not run by being opened.
pub const ATTACHMENT_SCRIPT: Code = Code::new("SKM-MAIL-0057");
/// Subject or name are decorated to catch the eye or to slip past filters.
pub const NOISY_SUBJECT: Code = Code::new("SKM-MAIL-0081");
