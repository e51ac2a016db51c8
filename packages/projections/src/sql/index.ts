export { readStatement, type StatementQuery, StatementRefused, type StatementRows } from "./readStatement.js"
export { type SqlView, sqlViews, viewsVersion } from "./sqlViews.js"
