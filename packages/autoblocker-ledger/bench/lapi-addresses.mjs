/** The address that is blocked by this number. */
export const blockedAddress = (number) => `11.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`;
