// A first part of OWL 2 RL as rules, named as in OWL 2 Profiles (W3C Recommendation of 11 December 2012), section 4.3, tables 4 to 9.
// Rules over lists walk them. A rule that ends in `false` there derives `inconsistent` here, which has a proof like any other fact.
// Left out, and named by the profile report where a graph uses it: prp-key, cls-maxqc1 to 4, and tables of datatypes beyond those that
// are recognised. Left out always: eq-ref, which says of every term that it is the same as itself.

import { prefixes } from './prefixes.js';

/** The rules of RDFS and OWL that most vocabularies need: nine, over `triple(subject, predicate, object)`. */
export const rdfsPlusRules = `${prefixes}
triple(A, rdfs:subClassOf, C) :- triple(A, rdfs:subClassOf, B), triple(B, rdfs:subClassOf, C).                % scm-sco
triple(P, rdfs:subPropertyOf, R) :- triple(P, rdfs:subPropertyOf, Q), triple(Q, rdfs:subPropertyOf, R).       % scm-spo
triple(X, rdf:type, B) :- triple(A, rdfs:subClassOf, B), triple(X, rdf:type, A).                              % cax-sco
triple(X, Q, Y) :- triple(P, rdfs:subPropertyOf, Q), triple(X, P, Y).                                         % prp-spo1
triple(X, rdf:type, C) :- triple(P, rdfs:domain, C), triple(X, P, Y).                                         % prp-dom
triple(Y, rdf:type, C) :- triple(P, rdfs:range, C), triple(X, P, Y).                                          % prp-rng
triple(X, P, Z) :- triple(P, rdf:type, owl:TransitiveProperty), triple(X, P, Y), triple(Y, P, Z).             % prp-trp
triple(Y, Q, X) :- triple(P, owl:inverseOf, Q), triple(X, P, Y).                                              % prp-inv1
triple(Y, P, X) :- triple(P, owl:inverseOf, Q), triple(X, Q, Y).                                              % prp-inv2
`;

/** The rules of OWL RL that are covered, those of {@link rdfsPlusRules} among them. */
export const owlRlRules = `${rdfsPlusRules}
% Table 4: equality
triple(Y, owl:sameAs, X) :- triple(X, owl:sameAs, Y).                                                          % eq-sym
triple(X, owl:sameAs, Z) :- triple(X, owl:sameAs, Y), triple(Y, owl:sameAs, Z).                                % eq-trans
triple(Y, P, O) :- triple(X, owl:sameAs, Y), triple(X, P, O).                                                  % eq-rep-s
triple(S, Q, O) :- triple(P, owl:sameAs, Q), triple(S, P, O).                                                  % eq-rep-p
triple(S, P, Y) :- triple(X, owl:sameAs, Y), triple(S, P, X).                                                  % eq-rep-o
inconsistent("eq-diff1", X, Y) :- triple(X, owl:sameAs, Y), triple(X, owl:differentFrom, Y).
different(X, Y) :- allDifferent(L), listPair(L, X, Y).
inconsistent("eq-diff2", X, Y) :- different(X, Y), triple(X, owl:sameAs, Y).
allDifferent(L) :- triple(N, rdf:type, owl:AllDifferent), triple(N, owl:members, L).
allDifferent(L) :- triple(N, rdf:type, owl:AllDifferent), triple(N, owl:distinctMembers, L).

% Table 5: properties
triple(Y, owl:sameAs, Z) :- triple(P, rdf:type, owl:FunctionalProperty), triple(X, P, Y), triple(X, P, Z), Y != Z.         % prp-fp
triple(X, owl:sameAs, Z) :- triple(P, rdf:type, owl:InverseFunctionalProperty), triple(X, P, Y), triple(Z, P, Y), X != Z.  % prp-ifp
inconsistent("prp-irp", X, P) :- triple(P, rdf:type, owl:IrreflexiveProperty), triple(X, P, X).
triple(Y, P, X) :- triple(P, rdf:type, owl:SymmetricProperty), triple(X, P, Y).                                % prp-symp
inconsistent("prp-asyp", X, P) :- triple(P, rdf:type, owl:AsymmetricProperty), triple(X, P, Y), triple(Y, P, X).
chain(L, X, Y) :- chainList(L), triple(L, rdf:rest, rdf:nil), triple(L, rdf:first, P), triple(X, P, Y).
chain(L, X, Z) :- chainList(L), triple(L, rdf:first, P), triple(L, rdf:rest, M), triple(X, P, Y), chain(M, Y, Z).
chainList(L) :- triple(P, owl:propertyChainAxiom, L).
chainList(M) :- chainList(L), triple(L, rdf:rest, M).
triple(X, P, Y) :- triple(P, owl:propertyChainAxiom, L), chain(L, X, Y).                                       % prp-spo2
triple(X, Q, Y) :- triple(P, owl:equivalentProperty, Q), triple(X, P, Y).                                      % prp-eqp1
triple(X, P, Y) :- triple(P, owl:equivalentProperty, Q), triple(X, Q, Y).                                      % prp-eqp2
inconsistent("prp-pdw", X, P) :- triple(P, owl:propertyDisjointWith, Q), triple(X, P, Y), triple(X, Q, Y).
inconsistent("prp-adp", X, P) :- triple(N, rdf:type, owl:AllDisjointProperties), triple(N, owl:members, L), listPair(L, P, Q), triple(X, P, Y), triple(X, Q, Y).
inconsistent("prp-npa", X, P) :- triple(N, owl:sourceIndividual, X), triple(N, owl:assertionProperty, P), triple(N, owl:targetIndividual, Y), triple(X, P, Y).
inconsistent("prp-npa", X, P) :- triple(N, owl:sourceIndividual, X), triple(N, owl:assertionProperty, P), triple(N, owl:targetValue, Y), triple(X, P, Y).

% Table 6: classes
triple(S, P, O) :- axiom(S, P, O).
axiom(owl:Thing, rdf:type, owl:Class).                                                                        % cls-thing
axiom(owl:Nothing, rdf:type, owl:Class).                                                                      % cls-nothing1
inconsistent("cls-nothing2", X, owl:Nothing) :- triple(X, rdf:type, owl:Nothing).
allOf(L, X) :- triple(C, owl:intersectionOf, M), listTail(M, L), triple(L, rdf:rest, rdf:nil), triple(L, rdf:first, D), triple(X, rdf:type, D).
allOf(L, X) :- triple(L, rdf:rest, M), allOf(M, X), triple(L, rdf:first, D), triple(X, rdf:type, D).
triple(X, rdf:type, C) :- triple(C, owl:intersectionOf, L), allOf(L, X).                                       % cls-int1
triple(X, rdf:type, D) :- triple(C, owl:intersectionOf, L), listMember(L, D), triple(X, rdf:type, C).          % cls-int2
triple(X, rdf:type, C) :- triple(C, owl:unionOf, L), listMember(L, D), triple(X, rdf:type, D).                 % cls-uni
inconsistent("cls-com", X, C) :- triple(C, owl:complementOf, D), triple(X, rdf:type, C), triple(X, rdf:type, D).
triple(X, rdf:type, R) :- triple(R, owl:someValuesFrom, C), triple(R, owl:onProperty, P), triple(X, P, Y), triple(Y, rdf:type, C).    % cls-svf1
triple(X, rdf:type, R) :- triple(R, owl:someValuesFrom, owl:Thing), triple(R, owl:onProperty, P), triple(X, P, Y).                    % cls-svf2
triple(Y, rdf:type, C) :- triple(R, owl:allValuesFrom, C), triple(R, owl:onProperty, P), triple(X, rdf:type, R), triple(X, P, Y).     % cls-avf
triple(X, P, V) :- triple(R, owl:hasValue, V), triple(R, owl:onProperty, P), triple(X, rdf:type, R).                                  % cls-hv1
triple(X, rdf:type, R) :- triple(R, owl:hasValue, V), triple(R, owl:onProperty, P), triple(X, P, V).                                  % cls-hv2
inconsistent("cls-maxc1", X, R) :- maximum(R, P, "0"), triple(X, rdf:type, R), triple(X, P, Y).
triple(Y, owl:sameAs, Z) :- maximum(R, P, "1"), triple(X, rdf:type, R), triple(X, P, Y), triple(X, P, Z), Y != Z.                     % cls-maxc2
triple(X, rdf:type, C) :- triple(C, owl:oneOf, L), listMember(L, X).                                           % cls-oo

% Table 7: class axioms
triple(X, rdf:type, D) :- triple(C, owl:equivalentClass, D), triple(X, rdf:type, C).                           % cax-eqc1
triple(X, rdf:type, C) :- triple(C, owl:equivalentClass, D), triple(X, rdf:type, D).                           % cax-eqc2
inconsistent("cax-dw", X, C) :- triple(C, owl:disjointWith, D), triple(X, rdf:type, C), triple(X, rdf:type, D).
inconsistent("cax-adc", X, C) :- triple(N, rdf:type, owl:AllDisjointClasses), triple(N, owl:members, L), listPair(L, C, D), triple(X, rdf:type, C), triple(X, rdf:type, D).

% Table 8: datatypes, as far as they are recognised
triple(L, rdf:type, D) :- literalType(L, D).                                                                   % dt-type2
inconsistent("dt-not-type", L, D) :- illTyped(L, D).
inconsistent("dt-not-type", L, D) :- excluded(L, D), triple(L, rdf:type, D).

% Table 9: schema vocabulary
triple(C, rdfs:subClassOf, C) :- triple(C, rdf:type, owl:Class).                                               % scm-cls
triple(C, owl:equivalentClass, C) :- triple(C, rdf:type, owl:Class).                                           % scm-cls
triple(C, rdfs:subClassOf, owl:Thing) :- triple(C, rdf:type, owl:Class).                                       % scm-cls
triple(owl:Nothing, rdfs:subClassOf, C) :- triple(C, rdf:type, owl:Class).                                     % scm-cls
triple(C, rdfs:subClassOf, D) :- triple(C, owl:equivalentClass, D).                                            % scm-eqc1
triple(D, rdfs:subClassOf, C) :- triple(C, owl:equivalentClass, D).                                            % scm-eqc1
triple(C, owl:equivalentClass, D) :- triple(C, rdfs:subClassOf, D), triple(D, rdfs:subClassOf, C).             % scm-eqc2
triple(P, rdfs:subPropertyOf, P) :- triple(P, rdf:type, owl:ObjectProperty).                                   % scm-op
triple(P, owl:equivalentProperty, P) :- triple(P, rdf:type, owl:ObjectProperty).                               % scm-op
triple(P, rdfs:subPropertyOf, P) :- triple(P, rdf:type, owl:DatatypeProperty).                                 % scm-dp
triple(P, owl:equivalentProperty, P) :- triple(P, rdf:type, owl:DatatypeProperty).                             % scm-dp
triple(P, rdfs:subPropertyOf, Q) :- triple(P, owl:equivalentProperty, Q).                                      % scm-eqp1
triple(Q, rdfs:subPropertyOf, P) :- triple(P, owl:equivalentProperty, Q).                                      % scm-eqp1
triple(P, owl:equivalentProperty, Q) :- triple(P, rdfs:subPropertyOf, Q), triple(Q, rdfs:subPropertyOf, P).    % scm-eqp2
triple(P, rdfs:domain, D) :- triple(P, rdfs:domain, C), triple(C, rdfs:subClassOf, D).                         % scm-dom1
triple(P, rdfs:domain, C) :- triple(Q, rdfs:domain, C), triple(P, rdfs:subPropertyOf, Q).                      % scm-dom2
triple(P, rdfs:range, D) :- triple(P, rdfs:range, C), triple(C, rdfs:subClassOf, D).                           % scm-rng1
triple(P, rdfs:range, C) :- triple(Q, rdfs:range, C), triple(P, rdfs:subPropertyOf, Q).                        % scm-rng2
triple(R, rdfs:subClassOf, S) :- triple(R, owl:hasValue, V), triple(R, owl:onProperty, P), triple(S, owl:hasValue, V), triple(S, owl:onProperty, Q), triple(P, rdfs:subPropertyOf, Q). % scm-hv
triple(R, rdfs:subClassOf, S) :- triple(R, owl:someValuesFrom, C), triple(R, owl:onProperty, P), triple(S, owl:someValuesFrom, D), triple(S, owl:onProperty, P), triple(C, rdfs:subClassOf, D). % scm-svf1
triple(R, rdfs:subClassOf, S) :- triple(R, owl:someValuesFrom, C), triple(R, owl:onProperty, P), triple(S, owl:someValuesFrom, C), triple(S, owl:onProperty, Q), triple(P, rdfs:subPropertyOf, Q). % scm-svf2
triple(R, rdfs:subClassOf, S) :- triple(R, owl:allValuesFrom, C), triple(R, owl:onProperty, P), triple(S, owl:allValuesFrom, D), triple(S, owl:onProperty, P), triple(C, rdfs:subClassOf, D). % scm-avf1
triple(S, rdfs:subClassOf, R) :- triple(R, owl:allValuesFrom, C), triple(R, owl:onProperty, P), triple(S, owl:allValuesFrom, C), triple(S, owl:onProperty, Q), triple(P, rdfs:subPropertyOf, Q). % scm-avf2
triple(C, rdfs:subClassOf, D) :- triple(C, owl:intersectionOf, L), listMember(L, D).                           % scm-int
triple(D, rdfs:subClassOf, C) :- triple(C, owl:unionOf, L), listMember(L, D).                                  % scm-uni

% Lists, of the constructs above alone
list(L) :- triple(C, owl:intersectionOf, L).
list(L) :- triple(C, owl:unionOf, L).
list(L) :- triple(C, owl:oneOf, L).
list(L) :- triple(C, owl:members, L).
list(L) :- triple(C, owl:distinctMembers, L).
listTail(L, L) :- list(L).
listTail(L, N) :- listTail(L, M), triple(M, rdf:rest, N).
listMember(L, X) :- listTail(L, M), triple(M, rdf:first, X).
listPair(L, X, Y) :- pairList(L), listTail(L, M), triple(M, rdf:first, X), triple(M, rdf:rest, N), listTail(N, O), triple(O, rdf:first, Y).
listTail(N, N) :- pairList(L), listTail(L, N).
pairList(L) :- triple(C, owl:members, L).
pairList(L) :- triple(C, owl:distinctMembers, L).
maximum(R, P, N) :- triple(R, owl:onProperty, P), triple(R, owl:maxCardinality, V), cardinality(V, N).
`;
