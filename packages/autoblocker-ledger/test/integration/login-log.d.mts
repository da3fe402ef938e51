export declare function loginLog(lines: number, attackers: number): string;
