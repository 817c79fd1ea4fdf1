import type { Codec } from "./codec.ts";

/** `--timestart 08:00`: seconds of the day. */
export const timeOfDay: Codec<number> = {
  name: "time-of-day",
  parse(text) {
    const parts = /^0*(\d{1,2}):0*(\d{1,2})(?::0*(\d{1,2}))?$/.exec(text);
    const [hour, minute, second] = [Number(parts?.[1]), Number(parts?.[2]), Number(parts?.[3] ?? 0)];
    if (parts === null || hour > 23 || minute > 59 || second > 59) return { expected: "a time of the day hh:mm[:ss]" };
    return { value: hour * 3600 + minute * 60 + second };
  },
  print: (seconds) => `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`,
};

const DATE = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?)?)?)?$/;

/** `--datestart 2020-02-03T04:05:06`, shorter where the rest is zero: seconds since 1970. */
export const dateTime: Codec<number> = {
  name: "date-time",
  parse(text) {
    const refused = { expected: "a date YYYY[-MM[-DD[Thh[:mm[:ss]]]]] from 1970 to 2038" };
    const parts = DATE.exec(text);
    if (parts === null) return refused;
    const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((i) =>
      Number(parts[i] ?? (i < 4 ? 1 : 0)),
    ) as [number, number, number, number, number, number];
    const inRange = year >= 1970 && year <= 2038 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
    if (!inRange || hour > 23 || minute > 59 || second > 59) return refused;
    const seconds = secondsOf(year, month, day) + hour * 3600 + minute * 60 + second;
    return { value: seconds };
  },
  print(seconds) {
    const { year, month, day } = dayOf(Math.floor(seconds / 86_400));
    return `${year}-${two(month)}-${two(day)}T${timeOfDay.print(seconds % 86_400, { family: null })}`;
  },
};

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function leap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function monthDaysOf(year: number, month: number): number {
  return month === 2 && leap(year) ? 29 : (MONTHS[month - 1] as number);
}

/** A day beyond its month runs on into the next, as mktime(3) has it. */
function secondsOf(year: number, month: number, day: number): number {
  let days = day - 1;
  for (let y = 1970; y < year; y++) days += leap(y) ? 366 : 365;
  for (let m = 1; m < month; m++) days += monthDaysOf(year, m);
  return days * 86_400;
}

function dayOf(days: number): { year: number; month: number; day: number } {
  let rest = days;
  let year = 1970;
  while (rest >= (leap(year) ? 366 : 365)) rest -= leap(year++) ? 366 : 365;
  let month = 1;
  while (rest >= monthDaysOf(year, month)) rest -= monthDaysOf(year, month++);
  return { year, month, day: rest + 1 };
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

const WEEK = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

function readWeekDay(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= 7 ? Number(text) : null;
  const found = WEEK.findIndex((name) => text.slice(0, 2) === name.slice(0, 2));
  return found < 0 ? null : found + 1;
}

/** `--weekdays Mon,Tue`, numbers from 1 (Monday) to 7. */
export const weekDays: Codec<readonly number[]> = {
  name: "week-days",
  parse: (text) => readDays(text, 7, readWeekDay, "a comma list of Mon, Tue, Wed, Thu, Fri, Sat, Sun"),
  print: (days) => days.map((day) => WEEK[day - 1]).join(","),
  say: (days) => days.map((day) => WEEK[day - 1]).join(" or "),
};

/** `--monthdays 1,15` */
export const monthDays: Codec<readonly number[]> = {
  name: "month-days",
  parse: (text) =>
    readDays(
      text,
      31,
      (part) => (/^0*[1-9]\d?$/.test(part) && Number(part) <= 31 ? Number(part) : null),
      "a comma list of days from 1 to 31",
    ),
  print: (days) => days.join(","),
  say: (days) => days.join(" or "),
};

function readDays(text: string, most: number, read: (part: string) => number | null, expected: string) {
  const given = new Set<number>();
  for (const part of text.split(",")) {
    if (part === "") continue;
    const day = read(part);
    if (day === null) return { expected };
    given.add(day);
  }
  return { value: Array.from({ length: most }, (_, i) => i + 1).filter((day) => given.has(day)) };
}

/** `--rateest-interval 250ms`: microseconds (get_time of tc). */
export const timeSpan: Codec<number> = {
  name: "time-span",
  parse(text) {
    const parts = /^(\d+\.?\d*|\.\d+)(s|sec|secs|ms|msec|msecs|us|usec|usecs)?$/i.exec(text);
    if (parts === null) return { expected: "a time such as 250ms" };
    const unit = (parts[2] ?? "us").toLowerCase();
    return { value: Math.floor(Number(parts[1]) * (unit.startsWith("s") ? 1e6 : unit.startsWith("m") ? 1e3 : 1)) };
  },
  print(value) {
    if (value >= 1e6) return `${(value / 1e6).toFixed(1)}s`;
    return value >= 1e3 ? `${(value / 1e3).toFixed(1)}ms` : `${value}us`;
  },
};

/** `--led-delay 42`: milliseconds, or for ever. */
export const ledDelay: Codec<number> = {
  name: "led-delay",
  parse(text) {
    if (text.toLowerCase() === "inf") return { value: -1 };
    return { value: Number(/^\s*\+?(\d{1,9})/.exec(text)?.[1] ?? 0) };
  },
  print: (value) => (value < 0 ? "inf" : String(value)),
};
