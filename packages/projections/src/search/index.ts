export { removeFromSearch, searchFile } from "./SearchFile.js"
export { SearchIndex, type SearchIndexOptions } from "./SearchIndex.js"
export type { FoundPage, IndexState, SearchQuery } from "./searches.js"
export { longestSearch, mostWords, type SearchWords, searchWords } from "./searchWords.js"
