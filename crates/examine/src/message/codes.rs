//! The codes of the examiner of messages.

use sakimori_model::Code;

/// Several signs of different kinds come together.
pub const SCAM_LIKELY: Code = Code::new("SKM-MSG-0001");
/// Some signs come together.
pub const SUSPICIOUS: Code = Code::new("SKM-MSG-0002");
/// The wording is in a language that is not judged, or there is no wording.
pub const NOT_JUDGED: Code = Code::new("SKM-MSG-0003");
/// A link imitates a brand's host.
pub const LINK_IMITATES: Code = Code::new("SKM-MSG-0010");
/// It speaks for somebody to whom the link does not lead.
pub const LINK_NOT_OFFICIAL: Code = Code::new("SKM-MSG-0011");
/// A link's host is an IP address.
pub const LINK_ADDRESS: Code = Code::new("SKM-MSG-0012");
/// A link goes over a shortener.
pub const LINK_SHORTENED: Code = Code::new("SKM-MSG-0013");
/// A link leads to free hosting or a cheap domain.
pub const LINK_RENTED: Code = Code::new("SKM-MSG-0014");
/// User information, an odd port or a redirect in a link.
pub const LINK_DISGUISED: Code = Code::new("SKM-MSG-0015");
/// A link about money or an account leads to nobody known.
pub const LINK_UNKNOWN: Code = Code::new("SKM-MSG-0016");
/// It leads to a messenger.
pub const ASK_MESSENGER: Code = Code::new("SKM-MSG-0020");
/// A number that is foreign or costs a lot.
pub const ASK_CALL_FOREIGN: Code = Code::new("SKM-MSG-0021");
/// A number to call, beside a story.
pub const ASK_CALL: Code = Code::new("SKM-MSG-0022");
/// It asks for a one-time code.
pub const ASK_CODE: Code = Code::new("SKM-MSG-0023");
/// It asks for gift cards or prepaid codes.
pub const ASK_GIFT_CARD: Code = Code::new("SKM-MSG-0024");
/// It asks for card numbers, passwords and the like.
pub const ASK_DETAILS: Code = Code::new("SKM-MSG-0025");
/// It asks for the installation of a program.
pub const ASK_INSTALL: Code = Code::new("SKM-MSG-0026");
/// It asks for money.
pub const ASK_TRANSFER: Code = Code::new("SKM-MSG-0027");
/// It comes from a new number, it says.
pub const ASK_NEW_NUMBER: Code = Code::new("SKM-MSG-0028");
/// It asks to open a link.
pub const ASK_OPEN: Code = Code::new("SKM-MSG-0029");
/// It asks to scan a QR code.
pub const ASK_SCAN: Code = Code::new("SKM-MSG-0030");
/// It asks for a text or call that may cost money.
pub const ASK_PAID_TEXT: Code = Code::new("SKM-MSG-0031");
/// A parcel that can't be delivered.
pub const STORY_DELIVERY: Code = Code::new("SKM-MSG-0040");
/// An unpaid fee or tax.
pub const STORY_UNPAID: Code = Code::new("SKM-MSG-0041");
/// A locked account or an unusual sign-in.
pub const STORY_ACCOUNT: Code = Code::new("SKM-MSG-0042");
/// A prize, a refund, a benefit.
pub const STORY_PRIZE: Code = Code::new("SKM-MSG-0043");
/// An infected device.
pub const STORY_INFECTED: Code = Code::new("SKM-MSG-0044");
/// Family or a friend in need of money.
pub const STORY_FAMILY: Code = Code::new("SKM-MSG-0045");
/// An investment that is sure to pay.
pub const STORY_INVESTMENT: Code = Code::new("SKM-MSG-0046");
/// Easy work for much money.
pub const STORY_SIDE_JOB: Code = Code::new("SKM-MSG-0047");
/// A stranger who becomes close.
pub const STORY_ROMANCE: Code = Code::new("SKM-MSG-0048");
/// A threat with pictures or data.
pub const STORY_EXTORTION: Code = Code::new("SKM-MSG-0049");
/// Work that is a crime.
pub const STORY_DARK_JOB: Code = Code::new("SKM-MSG-0050");
/// Police, a prosecutor, a ministry.
pub const STORY_AUTHORITY: Code = Code::new("SKM-MSG-0051");
/// A boss with an unusual request.
pub const STORY_BOSS: Code = Code::new("SKM-MSG-0052");
/// A large sum to give or to entrust.
pub const STORY_WINDFALL: Code = Code::new("SKM-MSG-0053");
/// A service that costs money.
pub const STORY_PAID_SERVICE: Code = Code::new("SKM-MSG-0054");
/// It hurries.
pub const URGENT: Code = Code::new("SKM-MSG-0070");
/// It demands secrecy.
pub const SECRET: Code = Code::new("SKM-MSG-0071");
/// It threatens with consequences.
pub const THREAT: Code = Code::new("SKM-MSG-0072");
/// It promises too much.
pub const PROMISE: Code = Code::new("SKM-MSG-0073");
/// Lookalike or invisible letters in words.
pub const DISTURBED_LETTERS: Code = Code::new("SKM-MSG-0080");
/// An order to an AI.
pub const AI_ORDER: Code = Code::new("SKM-MSG-0081");
