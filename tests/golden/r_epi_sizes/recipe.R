# Rscript recipe.R
# Sizes for a proportion, a mean, two proportions, clusters and strata, exact and score limits, and
# sizes that detect, at arguments that the shared cases lack.
suppressPackageStartupMessages(library(epiR))
num <- function(x) {
  text <- paste0(sprintf("%.15g", as.vector(x)), collapse = ", ")
  if (length(x) > 1) paste0("[", text, "]") else text
}
field <- function(name, x) paste0("\"", name, "\": ", num(x))
simple <- function(N, p, d, level) {
  epi.sssimpleestb(
    N = N, Py = p, epsilon = d, error = "absolute", se = 1, sp = 1, nfractional = TRUE,
    conf.level = level
  )
}
erring <- function(N, p, d, se, sp) {
  epi.sssimpleestb(
    N = N, Py = p, epsilon = d, error = "absolute", se = se, sp = sp, nfractional = TRUE,
    conf.level = 0.95
  )
}
clusters <- function(N, b, p, d, rho) {
  found <- epi.ssclus2estb(
    N.psu = N, b = b, Py = p, epsilon = d, error = "absolute", rho = rho, nfractional = TRUE,
    conf.level = 0.95
  )
  c(found$n.psu, found$n.ssu)
}
groups <- function(p, q, power) {
  epi.ssxsectn(
    pdexp1 = p, pdexp0 = q, pexp = NA, n = NA, power = power, r = 1, design = 1,
    sided.test = 2, nfractional = TRUE, conf.level = 0.95
  )$n.exp1
}
limits <- function(x, n, method, level) {
  found <- epi.conf(
    matrix(c(x, n), 1), ctype = "prevalence", method = method, N = 1e6, design = 1,
    conf.level = level
  )
  c(found$lower, found$upper)
}
exact <- function(x, n, level) as.vector(binom.test(x, n, conf.level = level)$conf.int)
# Smallest n that shows at most c events with chance below the risk; exact, by search.
detect <- function(N, rate, c, risk) {
  bad <- ceiling(round(rate * N, 9))
  n <- c + 1
  while (phyper(c, bad, N - bad, n) > risk) n <- n + 1
  n
}
power <- function(N, rate, c, n) {
  bad <- ceiling(round(rate * N, 9))
  phyper(c, bad, N - bad, n, lower.tail = FALSE)
}
seen <- function(N, bad, n, s, c) {
  k <- 0:min(n, bad)
  1 - sum(dhyper(k, bad, N - bad, n) * pbinom(c, k, s))
}
cat("{", paste(c(
  field("simple", c(
    simple(NA, 0.02, 0.005, 0.95), simple(832, 0.02, 0.01, 0.9), simple(19000, 0.3, 0.03, 0.99)
  )),
  field("erring", c(erring(NA, 0.02, 0.01, 0.95, 0.99), erring(5000, 0.1, 0.03, 0.85, 0.97))),
  field("clusters", c(clusters(400, 20, 0.02, 0.01, 0.05), clusters(60, 12, 0.1, 0.05, 0.2))),
  field("groups", c(groups(0.02, 0.05, 0.8), groups(0.3, 0.2, 0.95))),
  field("exact", c(limits(2, 97, "exact", 0.99), exact(0, 41, 0.9), exact(17, 17, 0.95))),
  field("wilson", c(limits(2, 97, "wilson", 0.99), limits(11, 250, "wilson", 0.8))),
  field("jeffreys", limits(11, 250, "jeffreys", 0.9)),
  field("freedom", c(
    rsu.sssep.rs(N = NA, pstar = 0.03, se.p = 0.95, se.u = 0.8),
    rsu.sssep.rs(N = NA, pstar = 0.005, se.p = 0.9, se.u = 1)
  )),
  field("freedom_chance", c(
    rsu.sep.rs(N = NA, n = 45, pstar = 0.05, se.u = 0.9),
    rsu.sep.rs(N = NA, n = 300, pstar = 0.01, se.u = 0.75)
  )),
  field("detect", c(
    detect(2000, 0.02, 2, 0.05), detect(350, 0.04, 1, 0.1), detect(41290, 0.03, 4, 0.05)
  )),
  field("power", c(power(2000, 0.03, 2, 225), power(350, 0.1, 1, 40))),
  field("seen", c(seen(350, 14, 60, 0.8, 0), seen(350, 14, 60, 0.8, 1)))
), collapse = ", "), "}\n")
