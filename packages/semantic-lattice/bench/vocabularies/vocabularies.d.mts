export declare function absentVocabularies(): string | undefined;
export declare function vocabularyTexts(): { name: string; text: string }[];
export declare const n3Rules: string;
