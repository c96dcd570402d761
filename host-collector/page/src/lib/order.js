// What devices are told, as `--tell` takes it.

/**
 * @param {string} service empty for all
 * @param {string} kind
 * @param {string} value
 * @returns {{ order: string } | { error: string }}
 */
export function order(service, kind, value) {
  const whom = service.trim() === "" ? "" : `${service.trim()}/`;
  const text = value.trim().replace(",", ".").replace(/\s*%$/, "");
  const isPercent = value.trim().endsWith("%");
  const number = text === "" ? NaN : Number(text) / (isPercent ? 100 : 1);
  switch (kind) {
    case "always":
    case "never":
      return { order: `${whom}sample=${kind}` };
    case "share":
      if (!(number >= 0 && number <= 1)) return { error: "Write a share from 0 to 1, as 0.1, or 10 %." };
      return { order: `${whom}sample=${number}` };
    case "rate":
      if (!(number >= 0 && number < 1e9)) return { error: "Write how many traces a second, as 5." };
      return { order: `${whom}sample=${number}/s` };
    default:
      if (!Number.isInteger(number) || number < 0 || number > 0xffff_ffff) return { error: "Write whole bytes a second, as 20000; 0 is no limit." };
      return { order: `${whom}budget=${number}` };
  }
}
