/**
 * Signs that nobody sees, as marks that everybody sees. A person approves what is on the page: a command must not read otherwise than it
 * runs because of characters that turn the direction of a text around, hide in it, or would drive a terminal.
 */

/** Control characters but tabs and ends of lines, and all that sets the direction of a text or parts its lines unseen. */
const unseen = /(?![\t\n\r])\p{Cc}|[\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu

/** `⟨U+202E⟩`. */
const markOf = (sign: string): string => `⟨U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`

/** A text of others, as the page shows it. What is copied, sent or compared is the text itself. */
export const visible = (text: string): string => text.replace(unseen, markOf)
