/**
 * The form in which passwords are hashed and compared: Unicode NFC, so that the same characters typed on another
 * keyboard are the same password (NIST SP 800-63B-4, section 3.1.1.2). Nothing is trimmed, folded or cut.
 */
export const normalisePassword = (password: string): string => password.normalize('NFC')

/** Length in code points, as the length rules count. */
export const passwordSize = (password: string): number => [...password].length
