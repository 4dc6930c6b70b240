# Rscript recipe.R
# Cheapest allocation with several targets, by R's general optimiser on the dual of the problem:
# nothing in common with the iteration under test. Strata that end up full are set and the rest is
# solved again.
num <- function(x) paste0("[", paste0(sprintf("%.12g", as.vector(x)), collapse = ", "), "]")
field <- function(name, value) paste0("\"", name, "\": ", value)
sizes <- c(1200, 640, 90, 2100, 330)
spreads <- rbind(income = c(14, 22, 160, 9, 31), herd = c(2.1, 0, 11, 3.4, 1.2), ill = c(.2, .3, .4, .25, .35))
totals <- c(income = 310000, herd = 21000, ill = 700)
costs <- c(1, 2.5, 6, 1.2, 3)
solve_dual <- function(a, room, costs) {
  value <- function(m) sum(room * m) - 2 * sum(sqrt(costs * colSums(m * a)))
  slope <- function(m) room - rowSums(a * rep(sqrt(costs / colSums(m * a)), each = nrow(a)))
  best <- nlminb(
    rep(sum(costs), nrow(a)), value, slope,
    lower = 1e-12, control = list(rel.tol = 1e-15, x.tol = 1e-15, iter.max = 10000, eval.max = 20000)
  )
  sqrt(colSums(best$par * a) / costs)
}
allocate <- function(cvs) {
  limit <- (cvs * totals)^2 + as.vector(spreads^2 %*% sizes)
  a <- sweep(sweep(spreads^2, 2, sizes^2, "*"), 1, limit, "/")
  full <- rep(FALSE, length(sizes))
  repeat {
    n <- sizes
    room <- 1 - rowSums(sweep(a, 2, sizes, "/")[, full, drop = FALSE])
    n[!full] <- solve_dual(a[, !full, drop = FALSE], room, costs[!full])
    if (!any(n > sizes)) break
    full <- full | n > sizes
  }
  n
}
loose <- c(0.03, 0.06, 0.08)
tight <- c(0.004, 0.012, 0.05)
cat("{", paste(
  field("sizes", num(sizes)),
  field("spreads", paste0("[", paste0(apply(spreads, 1, num), collapse = ", "), "]")),
  field("totals", num(totals)), field("costs", num(costs)),
  field("loose", num(loose)), field("loose_parts", num(allocate(loose))),
  field("tight", num(tight)), field("tight_parts", num(allocate(tight))),
  sep = ", "
), "}\n")
